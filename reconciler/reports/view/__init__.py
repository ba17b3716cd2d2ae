"""The one view that every format renders: a plan, a run, a validation or a drift, as plain rows. Pure."""
