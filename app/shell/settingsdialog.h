#pragma once

#include <QDialog>

namespace farcell {

class Keymap;
class Settings;
class ThemeSource;

// The person's choices. Each takes effect at once; there is nothing to confirm. GUI thread.
class SettingsDialog : public QDialog
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SettingsDialog)

public:
    SettingsDialog(Settings &settings, Keymap &keymap, ThemeSource &theme,
                   QWidget *parent = nullptr);
};

} // namespace farcell
