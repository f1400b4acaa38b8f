#pragma once

#include <QFrame>
#include <QString>

#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;

namespace farcell {

class ThemeSource;

// One quiet line above the notebook that tells something and offers what to do about it. A new
// message with the same key replaces the old one. GUI thread.
class InfoBar : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(InfoBar)

public:
    enum class Kind
    {
        Info,
        Warning,
        Error
    };
    struct Choice
    {
        QString text;
        std::function<void()> run; // may be empty: only closes
    };

    explicit InfoBar(ThemeSource &theme, QWidget *parent = nullptr);

    void showMessage(const QString &key, Kind kind, const QString &text,
                     std::vector<Choice> choices = {});
    void hideMessage(const QString &key);
    [[nodiscard]] QString message() const; // empty while hidden

private:
    ThemeSource &m_theme;
    QLabel *m_icon;
    QLabel *m_text;
    QHBoxLayout *m_buttons;
    QString m_key;
};

} // namespace farcell
