"""The quiet assistant of a live interview: utterances in, cues and hints out."""
