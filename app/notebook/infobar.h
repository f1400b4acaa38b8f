#pragma once

#include <QFrame>
#include <QList>
#include <QString>

#include <functional>
#include <vector>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace farcell {

class ThemeSource;

// Quiet lines above the notebook, each of which tells something and offers what to do about it. A
// new message with the same key takes the place of the old one; others stay. GUI thread.
class InfoBar : public QWidget
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
        bool closes = true;        // false: the line stays until it is taken away
        bool enabled = true;
    };

    explicit InfoBar(ThemeSource &theme, QWidget *parent = nullptr);

    void showMessage(const QString &key, Kind kind, const QString &text,
                     std::vector<Choice> choices = {});
    // A line that is there gets other words, without a flicker; for countdowns.
    void changeText(const QString &key, const QString &text);
    void changeChoice(const QString &key, int choice, const QString &text, bool enabled);
    void hideMessage(const QString &key);
    [[nodiscard]] bool hasMessage(const QString &key) const;
    [[nodiscard]] QString message() const; // of the newest line; empty if there is none

signals:
    void messageClosed(const QString &key); // by the person

private:
    struct Line
    {
        QString key;
        Kind kind = Kind::Info;
        QFrame *frame = nullptr;
        QLabel *icon = nullptr;
        QLabel *text = nullptr;
        QList<QPushButton *> buttons;
    };
    [[nodiscard]] Line makeLine(const QString &key, Kind kind, std::vector<Choice> choices);
    [[nodiscard]] Line *find(const QString &key);
    void paintIcons();

    ThemeSource &m_theme;
    QVBoxLayout *m_layout;
    QList<Line> m_lines; // oldest first
};

} // namespace farcell
