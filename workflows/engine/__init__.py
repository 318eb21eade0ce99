"""How a diagram runs: the only importer of SpiffWorkflow; knows no campaign."""
