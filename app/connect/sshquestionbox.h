#pragma once

#include "app/theme/theme.h"
#include "core/ssh/askpassserver.h"

#include <QDialog>
#include <QFrame>
#include <QPointer>

class QHBoxLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace farcell {

class SshLink;

// One question of ssh in words a person can decide on: the key of an unknown host, a passphrase, a
// password, a code. Also asks our own yes-or-no questions about a host. GUI thread.
class SshQuestionBox : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SshQuestionBox)

public:
    explicit SshQuestionBox(ThemeSource &theme, QWidget *parent = nullptr);

    void ask(const SshQuestion &question, const QString &host);
    void confirm(const QString &title, const QString &text, const QString &yes); // danger

signals:
    void answered(const QString &text);
    void refused();

private:
    enum class Mood
    {
        Plain,
        Careful
    };
    void show(Mood mood, const QString &title, const QString &text, const QString &code);
    void setButtons(const QString &yes, const QString &no);
    void giveAnswer();
    void applyTheme();

    ThemeSource &m_theme;
    Mood m_mood = Mood::Plain;
    SshQuestion m_question;
    QLabel *m_icon, *m_title, *m_text, *m_code;
    QLineEdit *m_field;
    QPushButton *m_yes, *m_no;
};

// The same in a window of its own, for a connection that asks while no Connect dialog shows it.
class SshQuestionDialog : public QDialog
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SshQuestionDialog)

public:
    SshQuestionDialog(ThemeSource &theme, SshLink &link, QWidget *parent = nullptr);

private:
    void follow();

    QPointer<SshLink> m_link;
    SshQuestionBox *m_box;
};

} // namespace farcell
