"""How the catalog's pages write what they show."""
