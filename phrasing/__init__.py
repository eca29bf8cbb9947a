"""A better wording for a cue or a move, in this step and situation."""
