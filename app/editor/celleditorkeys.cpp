#include "app/editor/cellbuffer.h"
#include "app/editor/celleditor.h"
#include "app/editor/completionpopup.h"
#include "app/editor/editcommands.h"
#include "app/editor/editorstyle.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMimeData>

#include <array>

namespace farcell {

namespace {

using Sci = QsciScintillaBase;
constexpr auto shift = Qt::ShiftModifier;
constexpr auto ctrl = Qt::ControlModifier;
constexpr auto alt = Qt::AltModifier;

struct KeyBinding
{
    int key; // Scintilla's SCK_ code or a character
    int modifiers;
    int command;
};

constexpr int sciShift = Sci::SCMOD_SHIFT;
constexpr int sciCtrl = Sci::SCMOD_CTRL;
constexpr int sciAlt = Sci::SCMOD_ALT;

// Only these keys are Scintilla's own. Undo and redo are missing on purpose: the notebook undoes.
constexpr auto bindings = std::to_array<KeyBinding>({
    {Sci::SCK_DOWN, 0, Sci::SCI_LINEDOWN},
    {Sci::SCK_DOWN, sciShift, Sci::SCI_LINEDOWNEXTEND},
    {Sci::SCK_DOWN, sciAlt, Sci::SCI_MOVESELECTEDLINESDOWN},
    {Sci::SCK_DOWN, sciAlt | sciShift, Sci::SCI_LINEDOWNRECTEXTEND},
    {Sci::SCK_UP, 0, Sci::SCI_LINEUP},
    {Sci::SCK_UP, sciShift, Sci::SCI_LINEUPEXTEND},
    {Sci::SCK_UP, sciAlt, Sci::SCI_MOVESELECTEDLINESUP},
    {Sci::SCK_UP, sciAlt | sciShift, Sci::SCI_LINEUPRECTEXTEND},
    {Sci::SCK_LEFT, 0, Sci::SCI_CHARLEFT},
    {Sci::SCK_LEFT, sciShift, Sci::SCI_CHARLEFTEXTEND},
    {Sci::SCK_LEFT, sciCtrl, Sci::SCI_WORDLEFT},
    {Sci::SCK_LEFT, sciCtrl | sciShift, Sci::SCI_WORDLEFTEXTEND},
    {Sci::SCK_RIGHT, 0, Sci::SCI_CHARRIGHT},
    {Sci::SCK_RIGHT, sciShift, Sci::SCI_CHARRIGHTEXTEND},
    {Sci::SCK_RIGHT, sciCtrl, Sci::SCI_WORDRIGHTEND},
    {Sci::SCK_RIGHT, sciCtrl | sciShift, Sci::SCI_WORDRIGHTENDEXTEND},
    {Sci::SCK_HOME, 0, Sci::SCI_VCHOMEWRAP},
    {Sci::SCK_HOME, sciShift, Sci::SCI_VCHOMEWRAPEXTEND},
    {Sci::SCK_HOME, sciCtrl, Sci::SCI_DOCUMENTSTART},
    {Sci::SCK_HOME, sciCtrl | sciShift, Sci::SCI_DOCUMENTSTARTEXTEND},
    {Sci::SCK_END, 0, Sci::SCI_LINEENDWRAP},
    {Sci::SCK_END, sciShift, Sci::SCI_LINEENDWRAPEXTEND},
    {Sci::SCK_END, sciCtrl, Sci::SCI_DOCUMENTEND},
    {Sci::SCK_END, sciCtrl | sciShift, Sci::SCI_DOCUMENTENDEXTEND},
    {Sci::SCK_DELETE, 0, Sci::SCI_CLEAR},
    {Sci::SCK_DELETE, sciShift, Sci::SCI_CUT},
    {Sci::SCK_DELETE, sciCtrl, Sci::SCI_DELWORDRIGHT},
    {Sci::SCK_INSERT, sciShift, Sci::SCI_PASTE},
    {Sci::SCK_INSERT, sciCtrl, Sci::SCI_COPY},
    {Sci::SCK_BACK, 0, Sci::SCI_DELETEBACK},
    {Sci::SCK_BACK, sciShift, Sci::SCI_DELETEBACK},
    {Sci::SCK_BACK, sciCtrl, Sci::SCI_DELWORDLEFT},
    {'A', sciCtrl, Sci::SCI_SELECTALL},
    {'C', sciCtrl, Sci::SCI_COPY},
    {'V', sciCtrl, Sci::SCI_PASTE},
    {'X', sciCtrl, Sci::SCI_CUT},
});

bool isEditingKey(int key, Qt::KeyboardModifiers mods)
{
    switch (key) {
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Home:
    case Qt::Key_End:
        return (mods & alt) == 0;
    case Qt::Key_Up:
    case Qt::Key_Down:
        return mods == 0 || mods == shift || (mods & alt) != 0;
    case Qt::Key_Delete:
    case Qt::Key_Backspace:
        return mods == 0 || mods == shift || mods == ctrl;
    case Qt::Key_Insert:
        return mods == shift || mods == ctrl;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        return mods == 0;
    case Qt::Key_Tab:
    case Qt::Key_Backtab:
        return (mods & (ctrl | alt)) == 0;
    case Qt::Key_Escape:
        return mods == 0;
    default:
        return false;
    }
}

bool isEditingChord(int key, Qt::KeyboardModifiers mods)
{
    if (mods == ctrl) {
        switch (key) {
        case Qt::Key_A:
        case Qt::Key_C:
        case Qt::Key_V:
        case Qt::Key_X:
        case Qt::Key_D:
        case Qt::Key_Slash:
        case Qt::Key_Space:
        case Qt::Key_BracketLeft:
        case Qt::Key_BracketRight:
            return true;
        default:
            return false;
        }
    }
    return mods == (ctrl | shift) && key == Qt::Key_Space;
}

bool isTyped(const QString &text)
{
    return !text.isEmpty() && (text.front().isPrint() || text.front().isSurrogate());
}

} // namespace

void CellEditor::setUpKeys()
{
    SendScintilla(SCI_CLEARALLCMDKEYS);
    for (const KeyBinding &b : bindings)
        SendScintilla(SCI_ASSIGNCMDKEY, static_cast<unsigned long>(b.key | (b.modifiers << 16)),
                      static_cast<long>(b.command));
}

// Which keys stay in the editor although the window has a shortcut for them.
bool CellEditor::ownsKey(const QKeyEvent *event) const
{
    const Qt::KeyboardModifiers mods = event->modifiers() & ~Qt::KeypadModifier;
    const int key = event->key();
    if (m_popup && m_popup->isOpenFor(this) && CompletionPopup::wantsKey(event))
        return true;
    if (isEditingKey(key, mods) || isEditingChord(key, mods))
        return true;
    const bool plain = (mods & ~shift) == 0 || mods == Qt::GroupSwitchModifier;
    return plain && isTyped(event->text());
}

bool CellEditor::event(QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const auto *key = static_cast<QKeyEvent *>(event);
        event->setAccepted(ownsKey(key));
        return event->isAccepted();
    }
    return QsciScintillaBase::event(event);
}

void CellEditor::keyPressEvent(QKeyEvent *event)
{
    if (m_popup && m_popup->isOpenFor(this) && m_popup->handleKey(event))
        return;
    const bool typing = isTyped(event->text());
    // Plain typing merges in the document's undo; all else is one step of its own.
    m_grouping = !typing || hasSelection() || SendScintilla(SCI_GETSELECTIONS) > 1;
    if (!handleKey(event)) {
        if (typing && event->text().size() > 1)
            insertTyped(event->text());
        else if (ownsKey(event))
            QsciScintillaBase::keyPressEvent(event);
        else
            event->ignore(); // the list scrolls, the window has its shortcuts
    }
    endGroup();
    reportChanges();
}

// A key that gives more than one UTF-16 unit, such as an emoji: Scintilla's key handling drops it,
// its input method handling does not.
void CellEditor::insertTyped(const QString &text)
{
    QInputMethodEvent commit;
    commit.setCommitString(text);
    QsciScintillaBase::inputMethodEvent(&commit);
}

bool CellEditor::handleKey(QKeyEvent *event)
{
    const Qt::KeyboardModifiers mods = event->modifiers() & ~Qt::KeypadModifier;
    const Language &language = m_buffer ? *m_buffer->language : plainLanguage();
    switch (event->key()) {
    case Qt::Key_Escape:
        if (SendScintilla(SCI_GETSELECTIONS) > 1)
            SendScintilla(SCI_SETEMPTYSELECTION,
                          static_cast<unsigned long>(SendScintilla(SCI_GETCURRENTPOS)));
        else
            emit escaped();
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (mods != 0)
            return false;
        if (SendScintilla(SCI_GETSELECTIONS) == 1)
            EditCommands::newLine(*this, language);
        else
            SendScintilla(SCI_NEWLINE);
        return true;
    case Qt::Key_Tab:
        return mods == 0 && handleTab(false);
    case Qt::Key_Backtab:
        return handleTab(true);
    case Qt::Key_Backspace:
        return mods == 0 && EditCommands::deletePair(*this);
    case Qt::Key_Up:
    case Qt::Key_Down: {
        const bool up = event->key() == Qt::Key_Up;
        if (mods == (ctrl | alt)) {
            EditCommands::addCaret(*this, up);
            return true;
        }
        return mods == 0 && handleVertical(up);
    }
    default:
        return handleChord(event, language);
    }
}

bool CellEditor::handleChord(const QKeyEvent *event, const Language &language)
{
    const Qt::KeyboardModifiers mods = event->modifiers() & ~Qt::KeypadModifier;
    const int key = event->key();
    if (mods == ctrl && key == Qt::Key_Slash)
        EditCommands::toggleComment(*this, language);
    else if (mods == ctrl && key == Qt::Key_D)
        EditCommands::selectNextOccurrence(*this);
    else if (mods == ctrl && (key == Qt::Key_BracketLeft || key == Qt::Key_BracketRight))
        EditCommands::indent(*this, key == Qt::Key_BracketLeft);
    else if (mods == ctrl && key == Qt::Key_Space)
        emit completionWanted(caret(), true);
    else if (mods == (ctrl | shift) && key == Qt::Key_Space)
        emit toolTipWanted(caret());
    else if ((mods & ~shift) == 0 && event->text().size() == 1)
        return typed(event->text().front(), language);
    else
        return false;
    return true;
}

bool CellEditor::typed(QChar character, const Language &language)
{
    if (SendScintilla(SCI_GETREADONLY) != 0)
        return false;
    if (QStringView(u"()[]{}\"'`").contains(character)) {
        m_grouping = true;
        return EditCommands::typeCharacter(*this, character, language);
    }
    if (character == u'.' && !language.prose && EditCommands::caretAfterWord(*this)) {
        // After the dot is in; "1." and ".." ask for nothing.
        const long before = SendScintilla(SCI_GETCURRENTPOS) - 1;
        const auto c =
            static_cast<char>(SendScintilla(SCI_GETCHARAT, static_cast<unsigned long>(before)));
        if (c != '.' && std::isdigit(static_cast<unsigned char>(c)) == 0)
            QMetaObject::invokeMethod(
                this, [this] { emit completionWanted(caret(), false); }, Qt::QueuedConnection);
    }
    return false;
}

bool CellEditor::handleTab(bool back)
{
    if (SendScintilla(SCI_GETREADONLY) != 0)
        return true;
    const bool lines = EditCommands::selectionSpansLines(*this);
    const bool prose = !m_buffer || m_buffer->language->prose;
    if (back) {
        if (lines || prose || EditCommands::caretInLeadingSpace(*this))
            EditCommands::indent(*this, true);
        else
            emit toolTipWanted(caret());
        return true;
    }
    if (lines)
        EditCommands::indent(*this, false);
    else if (!prose && !hasSelection() && EditCommands::caretAfterWord(*this))
        emit completionWanted(caret(), true);
    else
        SendScintilla(SCI_TAB);
    return true;
}

// Up in the first line and Down in the last go on into the next cell, as in Colab.
bool CellEditor::handleVertical(bool up)
{
    if (SendScintilla(SCI_GETSELECTIONS) != 1 || hasSelection())
        return false;
    const int line = caretDisplayLine();
    if (up && line == 0) {
        emit leftUpwards(caretX());
        return true;
    }
    if (!up && line >= displayLines() - 1) {
        emit leftDownwards(caretX());
        return true;
    }
    return false;
}

// Scintilla shows a composition by inserting its text and taking it back with its own undo, which
// is off here: it is on just while composing.
void CellEditor::inputMethodEvent(QInputMethodEvent *event)
{
    const bool preedit = event->commitString().isEmpty() && !event->preeditString().isEmpty();
    if (preedit && !m_composing) {
        m_composing = true;
        SendScintilla(SCI_SETUNDOCOLLECTION, 1UL);
    }
    m_preeditEvent = preedit;
    m_grouping = hasSelection() || SendScintilla(SCI_GETSELECTIONS) > 1;
    QsciScintillaBase::inputMethodEvent(event);
    endGroup();
    m_preeditEvent = false;
    if (!preedit && m_composing) {
        m_composing = false;
        SendScintilla(SCI_SETUNDOCOLLECTION, 0UL);
        SendScintilla(SCI_EMPTYUNDOBUFFER);
    }
    reportChanges();
}

void CellEditor::mousePressEvent(QMouseEvent *event)
{
    if (m_popup && m_popup->isOpenFor(this))
        m_popup->dismiss();
    QsciScintillaBase::mousePressEvent(event);
    reportChanges();
}

void CellEditor::mouseMoveEvent(QMouseEvent *event)
{
    QsciScintillaBase::mouseMoveEvent(event);
    if (event->buttons() != Qt::NoButton)
        reportChanges();
}

void CellEditor::mouseReleaseEvent(QMouseEvent *event)
{
    QsciScintillaBase::mouseReleaseEvent(event);
    reportChanges();
}

// The list scrolls; only a sideways wheel moves long lines.
void CellEditor::wheelEvent(QWheelEvent *event)
{
    const QPoint delta =
        event->pixelDelta().isNull() ? event->angleDelta() / 2 : event->pixelDelta();
    const bool sideways = std::abs(delta.x()) > std::abs(delta.y());
    if (!sideways || m_wrap) {
        event->ignore();
        return;
    }
    const long widest = SendScintilla(SCI_GETSCROLLWIDTH) - viewport()->width() + leftMargins();
    const long offset = SendScintilla(SCI_GETXOFFSET) - delta.x();
    SendScintilla(SCI_SETXOFFSET,
                  static_cast<unsigned long>(std::clamp(offset, 0L, std::max(0L, widest))));
    event->accept();
}

void CellEditor::contextMenuEvent(QContextMenuEvent *event)
{
    emit contextMenuWanted(event->globalPos());
    event->accept();
}

void CellEditor::focusInEvent(QFocusEvent *event)
{
    QsciScintillaBase::focusInEvent(event);
    SendScintilla(SCI_HIDESELECTION, 0UL);
    emit focusChanged(true);
}

void CellEditor::focusOutEvent(QFocusEvent *event)
{
    QsciScintillaBase::focusOutEvent(event);
    const bool lasting =
        event->reason() != Qt::PopupFocusReason && event->reason() != Qt::ActiveWindowFocusReason;
    if (lasting) {
        SendScintilla(SCI_HIDESELECTION, 1UL);
        SendScintilla(SCI_BRACEHIGHLIGHT, static_cast<unsigned long>(-1), -1L);
        emit focusChanged(false);
    }
}

bool CellEditor::focusNextPrevChild(bool)
{
    return false; // Tab is typed
}

bool CellEditor::canInsertFromMimeData(const QMimeData *source) const
{
    return !source->hasUrls() && QsciScintillaBase::canInsertFromMimeData(source);
}

} // namespace farcell
