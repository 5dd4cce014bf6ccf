"""The gateway as a whole: alarms and order."""
