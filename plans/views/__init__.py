"""The pages of plans, joining and quotas, one file a subject."""
