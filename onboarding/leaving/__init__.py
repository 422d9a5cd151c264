"""How an agency leaves: frozen, certificates revoked, records exported, retained, destroyed."""
