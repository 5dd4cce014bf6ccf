"""Decisions, pure: the same question has the same answer. Clock, identifiers and chance are handed in."""
