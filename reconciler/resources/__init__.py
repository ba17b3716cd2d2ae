"""What the ERP knows of a record, as data: the field grammar, and one file for each kind of record."""
