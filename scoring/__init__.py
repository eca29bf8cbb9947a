"""One rubric for practice and for live: what the manager did, measured, quoted, reported."""
