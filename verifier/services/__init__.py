"""Use cases, one transaction each. Web pages, the JSON API, workers and the command line all call these."""
