"""Error as a function of the weights of sources that are seen only in part, at disclosed sizes and beyond."""
