"""The values everybody speaks, and nothing that touches the world.

Enters: nothing. Leaves: frozen values (sources, time ranges, results), the error tree, the settings table,
limits, clocks, id sources, and SQL quoting. `core` imports no other room, opens no socket, file or database.

Do not add here: anything only one room uses, anything with I/O, anything with a framework in it.
"""
