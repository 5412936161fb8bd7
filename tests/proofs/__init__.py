"""The long proofs, run by hand: changes of the ledger that its tests have to notice, and the storm at full size."""
