"""The identity provider: who may sign in, with what proof, as a member of which agency."""
