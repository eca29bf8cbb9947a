"""The pages: thin handlers that read, call and format."""
