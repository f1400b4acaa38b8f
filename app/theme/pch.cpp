// Carries the precompiled header of the app; no code of its own.
