"""The rehearsal: an employee who reacts, remembers, hides and speaks."""
