"""The recipe of Su et al. 2024: constants of the Kaplan forms from small trainings, and a large one foretold."""
