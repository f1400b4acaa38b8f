#include "app/connect/sshquestionbox.h"

#include "core/ssh/sshlink.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace farcell {

SshQuestionBox::SshQuestionBox(ThemeSource &theme, QWidget *parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_icon(new QLabel(this))
    , m_title(new QLabel(this))
    , m_text(new QLabel(this))
    , m_code(new QLabel(this))
    , m_field(new QLineEdit(this))
    , m_yes(new QPushButton(this))
    , m_no(new QPushButton(this))
{
    setObjectName(QStringLiteral("sshQuestion"));
    m_icon->setFixedSize(20, 20);
    m_code->setObjectName(QStringLiteral("sshFingerprint"));
    for (QLabel *label : {m_title, m_text, m_code}) {
        label->setWordWrap(true);
        // What ssh says comes from the host: never markup.
        label->setTextFormat(Qt::PlainText);
    }
    m_text->setProperty("kind", QStringLiteral("muted"));
    m_code->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    for (QPushButton *button : {m_yes, m_no})
        button->setAutoDefault(false);

    auto *const buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_yes);
    buttons->addWidget(m_no);
    buttons->addStretch(1);
    auto *const texts = new QVBoxLayout;
    texts->setSpacing(6);
    texts->addWidget(m_title);
    texts->addWidget(m_text);
    texts->addWidget(m_code);
    texts->addWidget(m_field);
    texts->addSpacing(2);
    texts->addLayout(buttons);
    auto *const row = new QHBoxLayout(this);
    row->setContentsMargins(12, 12, 12, 12);
    row->setSpacing(12);
    row->addWidget(m_icon, 0, Qt::AlignTop);
    row->addLayout(texts, 1);

    connect(m_yes, &QPushButton::clicked, this, &SshQuestionBox::giveAnswer);
    connect(m_field, &QLineEdit::returnPressed, this, &SshQuestionBox::giveAnswer);
    connect(m_no, &QPushButton::clicked, this, &SshQuestionBox::refused);
    connect(&theme, &ThemeSource::themeChanged, this, &SshQuestionBox::applyTheme);
    hide();
}

void SshQuestionBox::ask(const SshQuestion &question, const QString &host)
{
    m_question = question;
    using Kind = SshQuestion::Kind;
    const bool hasField = question.kind == Kind::Passphrase || question.kind == Kind::Password ||
                          question.kind == Kind::Text;
    m_field->clear();
    m_field->setEchoMode(QLineEdit::Password);
    m_field->setVisible(hasField);
    const QString again = question.isRepeated ? tr("That was not right. Try again.") : QString();
    switch (question.kind) {
    case Kind::HostKey:
        setButtons(tr("Yes, connect"), tr("No"));
        show(Mood::Careful, tr("Is this really %1?").arg(host),
             tr("This computer has not met the host %1 before. If you know the fingerprint of its "
                "%2 key, compare it. It is remembered for the next time.")
                 .arg(question.subject, question.keyType),
             question.fingerprint);
        break;
    case Kind::Passphrase:
        setButtons(tr("Unlock"), tr("Cancel"));
        show(Mood::Plain, tr("The passphrase of your key"), again, question.subject);
        break;
    case Kind::Password:
        setButtons(tr("Log in"), tr("Cancel"));
        show(Mood::Plain, tr("The password of %1").arg(question.subject), again, {});
        break;
    case Kind::Text:
        setButtons(tr("Answer"), tr("Cancel"));
        show(Mood::Plain, tr("%1 asks").arg(host), again, question.text);
        break;
    case Kind::Confirm:
        setButtons(tr("Yes"), tr("No"));
        show(Mood::Careful, tr("ssh asks"), {}, question.text);
        break;
    case Kind::Notice:
        setButtons({}, tr("Cancel"));
        show(Mood::Plain, tr("ssh waits"), {}, question.text);
        break;
    }
    if (hasField)
        m_field->setFocus();
    else
        m_no->setFocus(); // a slip of the finger trusts nobody
}

void SshQuestionBox::confirm(const QString &title, const QString &text, const QString &yes)
{
    m_question = {};
    m_question.kind = SshQuestion::Kind::Confirm;
    m_field->hide();
    setButtons(yes, tr("Cancel"));
    show(Mood::Careful, title, text, {});
    m_no->setFocus();
}

void SshQuestionBox::setButtons(const QString &yes, const QString &no)
{
    m_yes->setText(yes);
    m_yes->setVisible(!yes.isEmpty());
    m_no->setText(no);
}

void SshQuestionBox::show(Mood mood, const QString &title, const QString &text, const QString &code)
{
    m_mood = mood;
    m_title->setText(title);
    m_text->setText(text);
    m_text->setVisible(!text.isEmpty());
    m_code->setText(code);
    m_code->setVisible(!code.isEmpty());
    m_field->setAccessibleName(title);
    setAccessibleName(title);
    applyTheme();
    setVisible(true);
}

void SshQuestionBox::giveAnswer()
{
    const bool hasField = m_field->isVisibleTo(this);
    const QString text = hasField ? m_field->text() : QStringLiteral("yes");
    m_field->clear();
    emit answered(text);
}

void SshQuestionBox::applyTheme()
{
    const Theme &theme = m_theme.theme();
    const bool isCareful = m_mood == Mood::Careful;
    m_icon->setPixmap(m_theme.pixmap(isCareful ? QStringLiteral("warning") : QStringLiteral("key"),
                                     isCareful ? theme.warning : theme.accent, 20,
                                     devicePixelRatioF()));
    m_title->setFont(theme.bodyStrong);
    m_code->setFont(theme.code);
    setStyleSheet(QStringLiteral("#sshQuestion { background: %1; border-radius: %2px; }")
                      .arg((isCareful ? theme.warningSoft : theme.accentSoft).name())
                      .arg(Theme::radius));
}

SshQuestionDialog::SshQuestionDialog(ThemeSource &theme, SshLink &link, QWidget *parent)
    : QDialog(parent)
    , m_link(&link)
    , m_box(new SshQuestionBox(theme, this))
{
    setWindowTitle(tr("Connecting to %1").arg(link.target().text()));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(460);
    auto *const column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->addWidget(m_box);
    connect(m_box, &SshQuestionBox::answered, this, [this](const QString &text) {
        if (m_link)
            m_link->answer(text);
    });
    connect(m_box, &SshQuestionBox::refused, this, &QDialog::reject);
    connect(this, &QDialog::rejected, this, [this] {
        if (m_link)
            m_link->refuse();
    });
    connect(&link, &SshLink::questionChanged, this, &SshQuestionDialog::follow);
    connect(&link, &SshLink::stateChanged, this, &SshQuestionDialog::follow);
    connect(&link, &QObject::destroyed, this, &QWidget::close);
    follow();
}

// The next question comes into the same window; it goes when the log-in has come to an end.
void SshQuestionDialog::follow()
{
    const bool isAsked = m_link && m_link->question();
    m_box->setEnabled(isAsked);
    if (isAsked)
        m_box->ask(*m_link->question(), m_link->target().text());
    else if (!m_link || m_link->state() != SshLink::State::Connecting)
        accept();
}

} // namespace farcell
