"""What surrounds the talk: team records, preparation packs, invitations, minutes, plans, charts, signals."""
