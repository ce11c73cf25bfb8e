"""Who may do what: users, sessions, tokens and the trail of what they did."""
