"""The demo's story: who there is (`cast`), what happens on which day (`script`), how each act is done, and the player.

Every act goes through the services that the pages call, and cards are paid on the stand-in's own page over HTTP. An act
looks first whether it was done, so that a story which was interrupted goes on where it stopped.
"""
