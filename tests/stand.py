"""The stand: one whole running product a test session, with a cluster, ports and processes of its own."""
