#pragma once

#include <QObject>

class QDBusVariant;

namespace farcell {

// Whether the desktop asks for dark windows. Qt 6.4 does not tell, so: the XDG desktop portal's
// color-scheme setting, asked without waiting and watched; until (or unless) it answers, the
// lightness of the platform's own palette. GUI thread.
class SystemScheme : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SystemScheme)

public:
    explicit SystemScheme(QObject *parent = nullptr);

    [[nodiscard]] bool isDark() const { return m_dark; }

signals:
    void changed(bool dark);

private slots:
    void settingChanged(const QString &group, const QString &key, const QDBusVariant &value);

private:
    void watchPortal();
    void take(const QVariant &value);

    bool m_paletteDark = false; // what the platform's palette says
    bool m_dark = false;
};

} // namespace farcell
