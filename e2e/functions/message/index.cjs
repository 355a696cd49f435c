// Words the verification message; the callback style of older handlers.
exports.handler = (event, context, callback) => {
  if (event.triggerSource === 'CustomMessage_SignUp') {
    event.response.emailSubject = 'Welcome, ' + event.userName;
    event.response.emailMessage = 'Your code is <b>' + event.request.codeParameter + '</b>';
  }
  callback(null, event);
};
