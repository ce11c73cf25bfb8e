"""Pictures of a series before and after, and what their headers say."""
