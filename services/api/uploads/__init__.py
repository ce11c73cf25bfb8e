"""Files that a person hands over in the browser or from a terminal, sent on as a scanner would."""
