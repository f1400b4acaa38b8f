#include "app/notebook/deathcard.h"

#include "app/notebook/memorycurve.h"
#include "app/theme/theme.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTextBlock>
#include <QTextOption>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace farcell {

namespace {

constexpr int maxLinesShown = 8;

} // namespace

DeathCard::DeathCard(ThemeSource &theme, QWidget *parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_icon(new QLabel(this))
    , m_title(new QLabel(this))
    , m_sentence(new QLabel(this))
    , m_facts(new QLabel(this))
    , m_wordsTitle(new QLabel(this))
    , m_curve(new MemoryCurve(theme, this))
    , m_words(new QPlainTextEdit(this))
    , m_goToCell(new QPushButton(this))
    , m_copy(new QPushButton(tr("Copy report"), this))
    , m_restart(new QPushButton(tr("Restart kernel"), this))
{
    setObjectName(QStringLiteral("deathCard"));
    setAccessibleName(tr("Why the kernel died"));
    for (QLabel *label : {m_sentence, m_facts}) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    m_facts->setProperty("kind", QStringLiteral("muted"));
    m_wordsTitle->setProperty("kind", QStringLiteral("muted"));
    m_words->setReadOnly(true);
    m_words->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    m_words->setAccessibleName(tr("Last lines of standard error"));
    m_restart->setProperty("kind", QStringLiteral("primary"));
    m_goToCell->setProperty("kind", QStringLiteral("link"));
    auto *close = new QToolButton(this);
    close->setIcon(theme.icon(QStringLiteral("close")));
    close->setIconSize({16, 16});
    close->setToolTip(tr("Close"));
    close->setAccessibleName(tr("Close"));

    auto *head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(m_icon);
    head->addWidget(m_title);
    head->addWidget(m_goToCell);
    head->addStretch();
    head->addWidget(close);
    auto *texts = new QVBoxLayout;
    texts->setSpacing(4);
    texts->addWidget(m_sentence);
    texts->addWidget(m_facts);
    texts->addStretch();
    auto *middle = new QHBoxLayout;
    middle->setSpacing(24);
    middle->addLayout(texts, 1);
    middle->addWidget(m_curve, 0, Qt::AlignTop);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_restart);
    buttons->addWidget(m_copy);
    buttons->addStretch();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(16, 12, 12, 16);
    column->setSpacing(8);
    column->addLayout(head);
    column->addLayout(middle);
    column->addWidget(m_wordsTitle);
    column->addWidget(m_words);
    column->addSpacing(4);
    column->addLayout(buttons);

    connect(close, &QToolButton::clicked, this, &QWidget::hide);
    connect(m_restart, &QPushButton::clicked, this, &DeathCard::restartRequested);
    connect(m_goToCell, &QPushButton::clicked, this, [this] { emit cellRequested(m_cell); });
    connect(m_copy, &QPushButton::clicked, this, [this] {
        QStringList report{m_sentence->text(), m_facts->text()};
        if (!m_words->toPlainText().isEmpty())
            report << QString() << m_words->toPlainText();
        QGuiApplication::clipboard()->setText(report.join(QLatin1Char('\n')));
    });
    connect(&theme, &ThemeSource::themeChanged, this, &DeathCard::applyTheme);
    applyTheme();
    hide();
}

void DeathCard::applyTheme()
{
    const Theme &theme = m_theme.theme();
    m_icon->setPixmap(
        m_theme.pixmap(QStringLiteral("error"), theme.danger, 20, devicePixelRatioF()));
    m_title->setFont(theme.title);
    m_sentence->setFont(theme.body);
    m_facts->setFont(theme.caption);
    m_wordsTitle->setFont(theme.caption);
    QFont code = theme.code;
    code.setPixelSize(12);
    m_words->setFont(code);
}

void DeathCard::showDeath(const KernelDeath &death, const CellId &cell, int cellNumber)
{
    m_cell = cell;
    m_title->setText(tr("The kernel died"));
    m_goToCell->setText(tr("while cell %1 was running").arg(cellNumber));
    m_goToCell->setVisible(cellNumber > 0);
    QString sentence = death.sentence;
    if (!sentence.endsWith(QLatin1Char('.')))
        sentence += QLatin1Char('.');
    if (death.wasRestarted)
        sentence += QLatin1Char(' ') + tr("A new kernel has taken its place; variables are lost.");
    m_sentence->setText(sentence);
    m_facts->setText(facts(death));
    m_curve->setSamples(death.memory);
    const QString words = lastWords(death);
    m_wordsTitle->setText(death.faultHandler.isEmpty() ? tr("Last lines of standard error")
                                                       : tr("What Python's fault handler said, and "
                                                            "the last lines of standard error"));
    m_words->setPlainText(words);
    const int lines = std::min(int(words.count(QLatin1Char('\n'))) + 1, maxLinesShown);
    m_words->setFixedHeight(lines * m_words->fontMetrics().lineSpacing() + 22);
    m_words->setVisible(!words.isEmpty());
    m_wordsTitle->setVisible(!words.isEmpty());
    show();
    // Once it is laid out. The last line tells most; of the fault handler the thread that crashed,
    // which may be far down.
    QTimer::singleShot(0, m_words, [this, isFault = !death.faultHandler.isEmpty()] {
        const QTextBlock crashed =
            m_words->document()->find(QStringLiteral("Current thread")).block();
        QScrollBar *bar = m_words->verticalScrollBar();
        if (!isFault)
            bar->setValue(bar->maximum());
        else
            bar->setValue(crashed.isValid() ? crashed.firstLineNumber() : 0);
    });
}

QString DeathCard::facts(const KernelDeath &death)
{
    QStringList list;
    if (death.signal)
        list << tr("signal %1%2")
                    .arg(*death.signal)
                    .arg(death.signalName.isEmpty()
                             ? QString()
                             : QStringLiteral(" (%1)").arg(death.signalName));
    else if (death.exitCode)
        list << tr("exit code %1").arg(*death.exitCode);
    if (!death.xid.isEmpty())
        list << tr("GPU error Xid %1").arg(death.xid);
    if (death.pid > 0)
        list << tr("process %1").arg(death.pid);
    if (death.time.isValid())
        list << QLocale().toString(death.time.toLocalTime().time(), QLocale::ShortFormat);
    return list.join(QStringLiteral("  ·  "));
}

QString DeathCard::lastWords(const KernelDeath &death)
{
    QStringList parts;
    if (!death.faultHandler.isEmpty())
        parts << death.faultHandler.trimmed();
    // The fault handler writes to standard error, so it is mostly there as well.
    const QString errors = death.errorLines.join(QLatin1Char('\n')).trimmed();
    if (!errors.isEmpty() &&
        (parts.isEmpty() || !errors.contains(parts.constFirst().section(QLatin1Char('\n'), 0, 0))))
        parts << errors;
    else if (!errors.isEmpty())
        parts = QStringList{errors};
    return parts.join(QStringLiteral("\n\n"));
}

} // namespace farcell
