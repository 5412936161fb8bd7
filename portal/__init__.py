"""The roof and the ground: wiring on top that nobody imports, and `portal.kit` underneath that imports nobody."""
