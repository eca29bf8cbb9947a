"""The trainer's side: shared sessions, comments, overruling, calibration, cohorts, classes."""
