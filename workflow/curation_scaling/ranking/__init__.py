"""Rankings: how hard, redundant or prototypical each sample is, and which samples a pruned pool keeps."""
