// Carries the precompiled header of core and backend; no code of its own.
