#pragma once

#include <QObject>
#include <QString>
#include <QStringList>

#include <nlohmann/json_fwd.hpp>

#include <memory>

namespace farcell {

// The person's choices, kept as JSON in the configuration folder; unknown keys stay in the file.
// GUI thread; created by main(), outlives the windows.
// Not here: key bindings (Keymap), what was open (shell/windowstate).
class Settings : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Settings)

public:
    explicit Settings(QString file, QObject *parent = nullptr); // empty: nothing is kept
    ~Settings() override;

    // Folder of all the app's configuration files.
    [[nodiscard]] static QString directory();

    enum class ThemeChoice
    {
        System,
        Light,
        Dark
    };
    [[nodiscard]] ThemeChoice theme() const;
    void setTheme(ThemeChoice choice);
    [[nodiscard]] int codeFontSize() const; // pixels
    void setCodeFontSize(int pixels);
    [[nodiscard]] bool lineNumbers() const;
    void setLineNumbers(bool on);
    [[nodiscard]] bool autosave() const;
    void setAutosave(bool on);
    [[nodiscard]] bool restoreTabs() const;
    void setRestoreTabs(bool on);
    [[nodiscard]] bool prewarm() const; // start the runtime of this computer with the app
    void setPrewarm(bool on);
    // A run that took longer is told outside the window when it ends; in seconds, 0: never.
    [[nodiscard]] int notifyAfter() const;
    void setNotifyAfter(int seconds);

    // State rather than choices, kept in the same file.
    [[nodiscard]] QStringList recentFiles() const; // newest first
    void addRecentFile(const QString &place);
    void removeRecentFile(const QString &place);
    [[nodiscard]] QString value(const QString &key) const;
    void setValue(const QString &key, const QString &value);
    [[nodiscard]] QStringList list(const QString &key) const;
    void setList(const QString &key, const QStringList &value);

signals:
    void changed();

private:
    [[nodiscard]] bool flag(const char *key, bool fallback) const;
    void setFlag(const char *key, bool on);
    void save();

    QString m_file;
    std::unique_ptr<nlohmann::ordered_json> m_root;
};

} // namespace farcell
