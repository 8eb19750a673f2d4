"""Write the pools: fixed uid ranges, unions, nested subsets, DataComp subset files, and what became of every row."""
