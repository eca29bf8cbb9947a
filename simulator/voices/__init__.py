"""What turns an intent into words."""
