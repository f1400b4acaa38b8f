#include "app/editor/celleditor.h"

#include "app/editor/cellbuffer.h"
#include "app/editor/editorstyle.h"
#include "app/editor/textmap.h"
#include "app/theme/theme.h"

#include <QGuiApplication>
#include <QScopedValueRollback>
#include <QScrollBar>

namespace farcell {

namespace {

constexpr unsigned long utf16Index = QsciScintillaBase::SC_LINECHARACTERINDEX_UTF16;

struct Counter // guards a piece of code against being taken for typing
{
    explicit Counter(int &value)
        : m_value(value)
    {
        ++m_value;
    }
    ~Counter() { --m_value; }
    Counter(const Counter &) = delete;
    Counter &operator=(const Counter &) = delete;

private:
    int &m_value;
};

} // namespace

CellEditor::CellEditor(ThemeSource &theme, QWidget *parent)
    : QsciScintillaBase(parent)
    , m_theme(theme)
{
    m_emptyDocument = SendScintillaPtrResult(SCI_GETDOCPOINTER);
    SendScintilla(SCI_ADDREFDOCUMENT, 0UL, m_emptyDocument);
    setUpView();
    setUpKeys();
    applyTheme();
    connect(this, &QsciScintillaBase::SCN_MODIFIED, this,
            [this](int position, int type, const char *text, int length, int linesAdded, int, int,
                   int, int, int) { onModified(position, type, text, length, linesAdded); });
    connect(this, &QsciScintillaBase::SCN_STYLENEEDED, this, [this] {
        if (m_buffer && m_buffer->language && m_buffer->language->style)
            m_buffer->language->style(*this);
    });
    connect(this, &QsciScintillaBase::SCN_UPDATEUI, this, &CellEditor::onUpdate);
    connect(this, &QsciScintillaBase::SCN_MARGINCLICK, this,
            [this](int position) { onMarginClick(position); });
}

CellEditor::~CellEditor()
{
    m_buffer = nullptr;
    SendScintilla(SCI_RELEASEDOCUMENT, 0UL, m_emptyDocument);
}

void CellEditor::setUpView()
{
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::ClickFocus); // Tab goes to the list, the list goes into its editors
    setAttribute(Qt::WA_InputMethodEnabled);
    SendScintilla(SCI_SETCODEPAGE, static_cast<unsigned long>(SC_CP_UTF8));
    SendScintilla(SCI_SETHSCROLLBAR, 0UL);
    SendScintilla(SCI_SETVSCROLLBAR, 0UL);
    SendScintilla(SCI_SETENDATLASTLINE, 0UL);
    SendScintilla(SCI_SETSCROLLWIDTHTRACKING, 1UL);
    SendScintilla(SCI_SETSCROLLWIDTH, 1UL);
    SendScintilla(SCI_SETEXTRAASCENT, 2UL);
    SendScintilla(SCI_SETEXTRADESCENT, 2UL);
    SendScintilla(SCI_SETMARGINLEFT, 0UL, 2L);
    SendScintilla(SCI_SETMARGINRIGHT, 0UL, 2L);
    SendScintilla(SCI_SETCARETWIDTH, 2UL);
    SendScintilla(SCI_SETCARETLINEVISIBLE, 1UL);
    SendScintilla(SCI_SETINDENTATIONGUIDES, static_cast<unsigned long>(SC_IV_LOOKBOTH));
    SendScintilla(SCI_SETTABINDENTS, 1UL);
    SendScintilla(SCI_SETBACKSPACEUNINDENTS, 1UL);
    SendScintilla(SCI_SETMULTIPLESELECTION, 1UL);
    SendScintilla(SCI_SETADDITIONALSELECTIONTYPING, 1UL);
    SendScintilla(SCI_SETMULTIPASTE, static_cast<unsigned long>(SC_MULTIPASTE_EACH));
    SendScintilla(SCI_SETVIRTUALSPACEOPTIONS,
                  static_cast<unsigned long>(SCVS_RECTANGULARSELECTION));
    SendScintilla(SCI_SETMOUSEDWELLTIME, 0x7fffffffUL);
    SendScintilla(SCI_USEPOPUP, 0UL);
    SendScintilla(SCI_SETFONTQUALITY, static_cast<unsigned long>(SC_EFF_QUALITY_ANTIALIASED));
    SendScintilla(SCI_SETIDLESTYLING, static_cast<unsigned long>(SC_IDLESTYLING_NONE));
    SendScintilla(SCI_SETMARGINTYPEN, static_cast<unsigned long>(EditorMark::lineNumberMargin),
                  static_cast<long>(SC_MARGIN_NUMBER));
    const auto fold = static_cast<unsigned long>(EditorMark::foldMargin);
    SendScintilla(SCI_SETMARGINTYPEN, fold, static_cast<long>(SC_MARGIN_SYMBOL));
    SendScintilla(SCI_SETMARGINMASKN, fold, static_cast<long>(SC_MASK_FOLDERS));
    SendScintilla(SCI_SETMARGINSENSITIVEN, fold, 1L);
    SendScintilla(SCI_SETMARGINWIDTHN, fold, static_cast<long>(EditorMark::foldMarginWidth));
    SendScintilla(SCI_SETMARGINWIDTHN, 2UL, 0L);
    SendScintilla(SCI_SETAUTOMATICFOLD,
                  static_cast<unsigned long>(SC_AUTOMATICFOLD_SHOW | SC_AUTOMATICFOLD_CHANGE));
    SendScintilla(SCI_SETFOLDFLAGS, 0UL);
}

void CellEditor::bind(CellBuffer &buffer)
{
    if (m_buffer == &buffer)
        return;
    saveViewState();
    const Counter guard(m_binding);
    m_buffer = &buffer;
    SendScintilla(SCI_SETDOCPOINTER, 0UL, buffer.document);
    SendScintilla(SCI_ALLOCATELINECHARACTERINDEX, utf16Index);
    if (m_styled != buffer.language) {
        m_styled = buffer.language;
        applyStyles(*this, *buffer.language, m_theme.theme());
    }
    for (const int line : buffer.foldedLines)
        SendScintilla(SCI_FOLDLINE, static_cast<unsigned long>(line),
                      static_cast<long>(SC_FOLDACTION_CONTRACT));
    SendScintilla(SCI_SETSEL, static_cast<unsigned long>(buffer.anchor), buffer.caret);
    SendScintilla(SCI_SETXOFFSET, static_cast<unsigned long>(buffer.xOffset));
    m_lastCaret = buffer.caret;
    m_lastAnchor = buffer.anchor;
    m_linesDirty = m_contentDirty = false;
    const bool prose = buffer.language->prose;
    SendScintilla(SCI_SETMARGINWIDTHN, static_cast<unsigned long>(EditorMark::foldMargin),
                  static_cast<long>(prose ? 0 : EditorMark::foldMarginWidth));
    SendScintilla(SCI_SETINDENTATIONGUIDES,
                  static_cast<unsigned long>(prose ? SC_IV_NONE : SC_IV_LOOKBOTH));
    m_marginLines = -1;
    updateMarginWidth();
    styleMagics();
}

void CellEditor::unbind()
{
    saveViewState();
    const Counter guard(m_binding);
    m_buffer = nullptr;
    SendScintilla(SCI_SETDOCPOINTER, 0UL, m_emptyDocument);
}

void CellEditor::saveViewState()
{
    if (!m_buffer)
        return;
    m_buffer->anchor = SendScintilla(SCI_GETANCHOR);
    m_buffer->caret = SendScintilla(SCI_GETCURRENTPOS);
    m_buffer->xOffset = static_cast<int>(SendScintilla(SCI_GETXOFFSET));
    m_buffer->foldedLines.clear();
    long line = SendScintilla(SCI_CONTRACTEDFOLDNEXT, 0UL);
    while (line >= 0) {
        m_buffer->foldedLines.push_back(static_cast<int>(line));
        line = SendScintilla(SCI_CONTRACTEDFOLDNEXT, static_cast<unsigned long>(line + 1));
    }
}

void CellEditor::setLanguage(const Language &language)
{
    if (!m_buffer || m_buffer->language == &language)
        return;
    m_buffer->language = &language;
    applyLexer(*this, language);
    m_styled = &language;
    applyStyles(*this, language, m_theme.theme());
    styleMagics();
}

void CellEditor::applyTheme()
{
    applyStyles(*this, m_buffer ? *m_buffer->language : plainLanguage(), m_theme.theme());
    m_styled = m_buffer ? m_buffer->language : nullptr;
    m_marginLines = -1;
    updateMarginWidth();
}

void CellEditor::setWrap(bool wrap)
{
    if (wrap == m_wrap)
        return;
    m_wrap = wrap;
    SendScintilla(SCI_SETWRAPMODE, static_cast<unsigned long>(wrap ? SC_WRAP_WORD : SC_WRAP_NONE));
}

void CellEditor::setLineNumbers(bool visible)
{
    if (visible == m_lineNumbers)
        return;
    m_lineNumbers = visible;
    m_marginLines = -1;
    updateMarginWidth();
}

void CellEditor::setEditable(bool editable)
{
    SendScintilla(SCI_SETREADONLY, editable ? 0UL : 1UL);
}

void CellEditor::updateMarginWidth()
{
    const int lines = m_lineNumbers ? static_cast<int>(SendScintilla(SCI_GETLINECOUNT)) : 0;
    if (lines == m_marginLines)
        return;
    m_marginLines = lines;
    long width = 0;
    if (lines > 0) {
        const QByteArray digits(std::max<qsizetype>(2, QByteArray::number(lines).size()), '9');
        width = SendScintilla(SCI_TEXTWIDTH, static_cast<uintptr_t>(STYLE_LINENUMBER),
                              digits.constData()) +
                10;
    }
    SendScintilla(SCI_SETMARGINWIDTHN, static_cast<unsigned long>(EditorMark::lineNumberMargin),
                  width);
}

int CellEditor::leftMargins() const
{
    return static_cast<int>(
        SendScintilla(SCI_GETMARGINWIDTHN,
                      static_cast<unsigned long>(EditorMark::lineNumberMargin)) +
        SendScintilla(SCI_GETMARGINWIDTHN, static_cast<unsigned long>(EditorMark::foldMargin)) +
        SendScintilla(SCI_GETMARGINLEFT));
}

// --- edits

void CellEditor::applyEdit(int position, int removed, const QString &added)
{
    if (m_composing)
        QGuiApplication::inputMethod()->reset(); // the composition's place is no longer certain
    const Counter guard(m_binding);
    const bool readOnly = SendScintilla(SCI_GETREADONLY) != 0;
    SendScintilla(SCI_SETREADONLY, 0UL);
    const long start = byteOf(position);
    const QByteArray utf8 = toEditorText(added);
    SendScintilla(SCI_SETTARGETRANGE, static_cast<unsigned long>(start),
                  byteOf(position + removed));
    SendScintilla(SCI_REPLACETARGET, static_cast<uintptr_t>(utf8.size()), utf8.constData());
    if (hasFocus()) // show the person where it changed
        SendScintilla(SCI_SETEMPTYSELECTION, static_cast<unsigned long>(start + utf8.size()));
    SendScintilla(SCI_SETREADONLY, readOnly ? 1UL : 0UL);
    updateMarginWidth();
    styleMagics();
}

void CellEditor::onModified(int position, int type, const char *text, int length, int linesAdded)
{
    if (linesAdded != 0 || (type & SC_MOD_CHANGEFOLD) != 0)
        m_linesDirty = true;
    if (m_binding > 0 || !m_buffer)
        return;
    // The text of a composition is no edit until it is committed: skip it and its removal.
    const bool preedit =
        (type & SC_PERFORMED_UNDO) != 0 || (m_preeditEvent && (type & SC_MOD_INSERTTEXT) != 0);
    if (preedit)
        return;
    if ((type & SC_MOD_BEFOREDELETE) != 0) {
        // With undo off, Scintilla does not tell what was deleted: count it before it goes.
        m_pendingRemoved =
            static_cast<int>(SendScintilla(SCI_COUNTCODEUNITS, static_cast<unsigned long>(position),
                                           static_cast<long>(position) + length));
    } else if ((type & SC_MOD_DELETETEXT) != 0) {
        beginGroup();
        m_contentDirty = true;
        emit edited(utf16Of(position), m_pendingRemoved, {});
    } else if ((type & SC_MOD_INSERTTEXT) != 0) {
        beginGroup();
        m_contentDirty = true;
        emit edited(utf16Of(position), 0, fromEditorText(text, length));
    }
}

void CellEditor::onUpdate(int updated)
{
    if ((updated & SC_UPDATE_CONTENT) != 0) {
        updateMarginWidth();
        styleMagics();
    }
    if ((updated & (SC_UPDATE_CONTENT | SC_UPDATE_SELECTION)) != 0)
        matchBrackets();
    // This comes while painting; the list must not be laid out in there.
    if (m_linesDirty)
        QMetaObject::invokeMethod(this, &CellEditor::reportChanges, Qt::QueuedConnection);
}

void CellEditor::reportChanges()
{
    if (m_binding > 0 || !m_buffer)
        return;
    if (m_linesDirty || (m_wrap && m_contentDirty)) {
        m_linesDirty = false;
        emit linesChanged();
    }
    const long caretNow = SendScintilla(SCI_GETCURRENTPOS);
    const long anchorNow = SendScintilla(SCI_GETANCHOR);
    if (m_contentDirty || caretNow != m_lastCaret || anchorNow != m_lastAnchor) {
        m_contentDirty = false;
        m_lastCaret = caretNow;
        m_lastAnchor = anchorNow;
        emit caretMoved();
    }
}

void CellEditor::beginGroup()
{
    if (m_grouping && !m_groupOpen) {
        m_groupOpen = true;
        emit editGroupChanged(true);
    }
}

void CellEditor::endGroup()
{
    m_grouping = false;
    if (m_groupOpen) {
        m_groupOpen = false;
        emit editGroupChanged(false);
    }
}

void CellEditor::onMarginClick(int position)
{
    const long line = SendScintilla(SCI_LINEFROMPOSITION, static_cast<unsigned long>(position));
    SendScintilla(SCI_TOGGLEFOLD, static_cast<unsigned long>(line));
    m_linesDirty = true;
    reportChanges();
}

} // namespace farcell
