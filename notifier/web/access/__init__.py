"""Who may look at which inbox: a system by its API token, a person by an access token, a session or a one-time ticket."""
