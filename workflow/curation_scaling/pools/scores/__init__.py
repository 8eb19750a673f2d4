"""Quality scores: each function gives one number per sample; `BETTER` says which end of the scale is good."""
