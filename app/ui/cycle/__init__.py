"""The cycle around the talk: due work, team, pack, minutes and plans."""
