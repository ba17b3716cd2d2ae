"""The live side: Visma.net ERP's customer API."""
