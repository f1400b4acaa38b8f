#include "app/notebook/textpage.h"

#include "app/notebook/runtimehub.h"
#include "app/theme/theme.h"
#include "core/base/onfinished.h"

#include <QFile>
#include <QFuture>
#include <QPlainTextEdit>
#include <QSaveFile>
#include <QVBoxLayout>

#include <utility>

namespace farcell {

TextPage::TextPage(QString title, const QString &text, ThemeSource &theme, QWidget *parent)
    : Page(parent)
    , m_title(std::move(title))
    , m_theme(theme)
    , m_edit(new QPlainTextEdit(this))
{
    setObjectName(QStringLiteral("page"));
    m_edit->setProperty("kind", QStringLiteral("page"));
    m_edit->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_edit->setPlainText(text);
    m_edit->setReadOnly(true);
    m_edit->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_edit);
    connect(m_edit->document(), &QTextDocument::modificationChanged, this, &Page::modifiedChanged);
    connect(&theme, &ThemeSource::themeChanged, this, &TextPage::applyTheme);
    applyTheme();
}

void TextPage::setFile(const QString &path, Runtime *runtime)
{
    m_path = path;
    m_runtime = runtime;
    m_onRuntime = runtime != nullptr;
    m_edit->setReadOnly(false);
    m_edit->document()->setModified(false);
}

void TextPage::save()
{
    if (m_path.isEmpty() || !isModified())
        return;
    const QByteArray bytes = m_edit->toPlainText().toUtf8();
    if (m_onRuntime) {
        RuntimeClient *client = m_runtime ? m_runtime->client() : nullptr;
        if (!client) {
            emit failed(
                {ErrorCode::Unavailable, tr("The runtime of this file is not connected"), {}});
            return;
        }
        onFinished(client->writeFile(m_path, bytes), this,
                   [this](const Result<ContentsEntry> &entry) {
                       if (entry)
                           m_edit->document()->setModified(false);
                       else
                           emit failed(entry.error());
                   });
        return;
    }
    QSaveFile file(m_path);
    if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit())
        m_edit->document()->setModified(false);
    else
        emit failed({ErrorCode::Unavailable,
                     tr("%1 could not be saved: %2").arg(m_title, file.errorString()),
                     {}});
}

bool TextPage::isModified() const
{
    return m_edit->document()->isModified();
}

void TextPage::takeFocus()
{
    m_edit->setFocus();
}

void TextPage::applyTheme()
{
    m_edit->setFont(m_theme.theme().code);
}

} // namespace farcell
