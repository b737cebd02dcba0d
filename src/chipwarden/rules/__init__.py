"""Law as dated data: parameters, provisions, country groups, citations."""
