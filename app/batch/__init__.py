"""Much work at once: folders of recordings, every stored score, whole cohorts; on this machine's cores or on Ray."""
