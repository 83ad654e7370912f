"""The status page: server-rendered, Chinese first, nothing personal unmasked (DOMAIN 5.5)."""
